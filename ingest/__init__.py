"""Files to sources, lessons and passages."""
