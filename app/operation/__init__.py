"""What keeps an installation going: backups that are proven, and what its statements cost."""
