"""The holidays of every country, as the binary has them, against the package `holidays` that they were made from."""
import csv
import io
import warnings

import holidays
import pytest
from holidays.registry import COUNTRIES, FINANCIAL

warnings.simplefilter("ignore")  # Of years for which the package knows nothing.

KINDS = sorted(names[0] for names in list(COUNTRIES.values()) + list(FINANCIAL.values()))


def expected(kind, first, last):
    """As Prophet asks for them: all years at once."""
    of_years = getattr(holidays, kind)(expand=False, language="en_US", years=list(range(first, last + 1)))
    return sorted((day.isoformat(), name) for day in of_years for name in of_years.get_list(day))


def listed(chiliad, kind, first, last):
    done = chiliad.run("holidays", "--country", kind, "--first-year", first, "--last-year", last)
    return sorted((row["ds"], row["holiday"]) for row in csv.DictReader(io.StringIO(done.stdout)))


def test_every_country_of_the_package_is_known(chiliad):
    assert sorted(chiliad.run("holidays").stdout.split()) == KINDS


@pytest.mark.parametrize("letter", sorted({kind[0] for kind in KINDS}))
def test_countries_have_the_packages_holidays(chiliad, letter):
    for kind in (kind for kind in KINDS if kind[0] == letter):
        assert listed(chiliad, kind, 2005, 2035) == expected(kind, 2005, 2035), kind


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_they_have_them_in_all_years(chiliad, kind):
    assert listed(chiliad, kind, 1900, 2100) == expected(kind, 1900, 2100)


def test_prophets_name_for_turkey_and_the_packages_other_names(chiliad):
    assert listed(chiliad, "TU", 2020, 2024) == listed(chiliad, "Turkey", 2020, 2024)
    assert listed(chiliad, "USA", 2020, 2024) == listed(chiliad, "US", 2020, 2024) != []


def test_an_unknown_country_is_named(chiliad):
    done = chiliad.run("holidays", "--country", "XYZ", check=False)
    assert done.returncode == 2
    assert "Holidays in XYZ are not currently supported!" in done.stderr
