"""IAM as strict as AWS where moto is laxer and it matters here.

Each module has one kind of rule; `backend` puts them together, `responses` is the door.
"""
