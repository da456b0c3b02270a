"""Every expected GPU: whether it answers, what is wrong with it, how it is used."""
