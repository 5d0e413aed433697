"""`python -m edge_fer` is the command `edge-fer`."""

from edge_fer.starting import feed_while_starting


def main() -> None:
    """Run the command line."""
    feed_while_starting()
    from edge_fer.cli.app import main as run  # noqa: PLC0415  # may load for seconds

    run()


if __name__ == "__main__":
    main()
