"""Where numbers come from: the enrollments behind a rate, and the events behind what is true of an enrollment."""
