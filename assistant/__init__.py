"""A question, or a plan, to an answer whose every sentence is proven."""
