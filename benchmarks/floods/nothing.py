"""No flood: what the customers get when nobody disturbs them."""


class Nothing:
    label = "nobody"

    def __init__(self, address: str, rate: int) -> None:
        del address, rate

    def __enter__(self) -> "Nothing":
        return self

    def __exit__(self, *_) -> None:
        pass

    def figures(self) -> dict[str, float]:
        return {}
