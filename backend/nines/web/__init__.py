"""What every request passes through, whatever the domain."""
