"""Tasks: what somebody is to do by a time, the agenda made of them, and the timeline of a customer."""
