"""The web: feeds, media and pages for everybody, the status page for those with the password."""
