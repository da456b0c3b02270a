"""Pictures of the boards, for people who read about them: made of the preview by a browser."""
