"""Reading the GPUs of the local host: in a child process that can be killed."""
