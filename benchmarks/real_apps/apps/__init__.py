"""Hold one package for each third-party application that the driver can visit."""
