"""`python -m edge_fer` is the command `edge-fer`."""

from edge_fer.cli.app import main

if __name__ == "__main__":
    main()
