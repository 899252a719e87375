"""A run's report for other programs: for CI servers, pull requests and spreadsheets."""
