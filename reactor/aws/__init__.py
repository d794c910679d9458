"""The only package that talks to AWS. It pages everything, and knows which error is an answer."""
