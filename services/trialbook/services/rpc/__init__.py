"""The gRPC door: protobuf in, application calls, protobuf out."""
