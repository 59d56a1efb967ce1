"""A help desk of seven tables and the serializers that show it: what loading is measured on."""
