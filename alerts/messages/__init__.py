"""What receivers are told: Alertmanager's templates of an alert's labels and annotations."""
