"""What the page Requests is made of: the work asked for, and that in words."""
