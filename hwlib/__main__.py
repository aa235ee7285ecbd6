"""The command `hwlib`, which is `python -m hwlib` as well."""

from hwlib import stop


def main() -> None:
    """Run the command line; while it loads there is nothing to lose."""
    stop.listen(stop.leave)
    from hwlib import cli

    stop.listen(stop.interrupt)
    cli.main()


if __name__ == "__main__":
    main()
