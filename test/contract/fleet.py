"""The small fleet that the contract tests serve, and the names under which they call it."""
ENDPOINT = "contract"
TARGET = "X-Amzn-SageMaker-Target-Model"
CUSTOMERS = 12
ROWS = 200  # Days of history a customer.
