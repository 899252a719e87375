"""Files of items: what the formats and layouts of others mean, and our own, read and written."""
