"""The figures that the issues name, measured on a real server with real machines."""
