"""What must hold for every account, setting and event; hypothesis looks for the exception."""
