"""What a client receives for a month: its figures once, and the page, PDF and workbook that show them."""
