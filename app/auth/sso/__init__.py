"""Single sign-on: who a person is, on the word of a provider that the configuration names."""
