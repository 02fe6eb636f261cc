"""Messages between a program and its worker as typed bytes."""
