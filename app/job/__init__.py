"""Long work behind the answers: jobs that a worker does step by step, and chores that come round by themselves."""
