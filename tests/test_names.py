"""Attributes and factors have a name of their own in each language that names them."""

import pytest

from hwlib import text
from hwlib.faces.factors import ATTRIBUTES, FACTORS

# The names in CelebA's list_attr_celeba.txt, in its order.
CELEBA = (
    *("5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs"),
    *("Big_Lips", "Big_Nose", "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair", "Bushy_Eyebrows"),
    *("Chubby", "Double_Chin", "Eyeglasses", "Goatee", "Gray_Hair", "Heavy_Makeup"),
    *("High_Cheekbones", "Male", "Mouth_Slightly_Open", "Mustache", "Narrow_Eyes", "No_Beard"),
    *("Oval_Face", "Pale_Skin", "Pointy_Nose", "Receding_Hairline", "Rosy_Cheeks", "Sideburns"),
    *("Smiling", "Straight_Hair", "Wavy_Hair", "Wearing_Earrings", "Wearing_Hat"),
    *("Wearing_Lipstick", "Wearing_Necklace", "Wearing_Necktie", "Young"),
)


def test_chinese_has_a_name_for_all_forty_attributes_and_every_factor():
    names = text.section("names", "zh")
    assert len(CELEBA) == 40
    assert {*CELEBA, *ATTRIBUTES, *FACTORS} <= set(names)
    assert all("\u4e00" <= char <= "\u9fff" for name in CELEBA for char in names[name])


@pytest.mark.parametrize("language", text.LANGUAGES)
@pytest.mark.parametrize("names", [CELEBA, FACTORS])
def test_no_two_attributes_and_no_two_factors_share_a_name(language, names):
    named = [text.name_of(name, language=language) for name in names]
    assert len(set(named)) == len(named)


def test_a_name_that_no_language_knows_stands_as_it_is():
    assert all(
        text.name_of("Left_Handed", language=language) == "Left_Handed"
        for language in text.LANGUAGES
    )
