"""The cheapest options of an effect."""

from impasto.effects import ChoiceOption, Effect, OptionValue, RangeOption


def quick_options(effect: Effect) -> dict[str, OptionValue]:
    """The cheapest of each choice that has numbers, the least of each range of steps."""
    options = effect.defaults()
    for option in effect.options:
        if isinstance(option, ChoiceOption):
            numbers = [choice.value for choice in option.choices if choice.value.isdecimal()]
            options[option.key] = min(numbers, key=int) if numbers else option.choices[0].value
        elif isinstance(option, RangeOption) and option.key == "steps":
            options[option.key] = option.minimum
    return options
