"""What goes wrong, and what people see of it: issue 2, "Bad input and faults"."""
