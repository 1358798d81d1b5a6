"""What people see: the pages, their charts and the command line."""
