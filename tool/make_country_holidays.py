#!/usr/bin/env python3
"""Makes src/forecast/country_holidays_table.cc: the holidays of every country that the package `holidays` knows.

    .venv/test/bin/python tool/make_country_holidays.py src/forecast/country_holidays_table.cc

Prophet asks that package anew in every fit (expand=False, language="en_US", the years of the dates); the binary has its
answers for the years FIRST to LAST as rules. What the rules say is what the package says, day for day: the script expands
its own rules again before it writes, and test/country_holidays_test.py asks the binary.

Of each holiday's days the most that a rule explains goes first: the same day of the same month; so many days from the
western or the orthodox Easter; a day that depends on the weekday of 1 January and on whether the year is leap alone
(the n-th Monday of a month, a day off in lieu). What is left (lunar calendars, single days) is listed.
"""
import datetime
import sys
import warnings

import holidays
from holidays.registry import COUNTRIES, FINANCIAL

warnings.simplefilter("ignore")  # Of years for which the package knows nothing.

FIRST, LAST = 1900, 2100
YEARS = range(FIRST, LAST + 1)
LEAST_DAYS = 4  # That a rule has to explain: below, a list is shorter.
NAMES_OF = {"TR": ["TU"]}  # Prophet's own name for a country.
EPOCH = datetime.date(1970, 1, 1)


def day_of_year(day):
    return day.timetuple().tm_yday


def western_easter(year):
    golden, century = year % 19, year // 100
    moon = (century - century // 4 - (8 * century + 13) // 25 + 19 * golden + 15) % 30
    moon -= (moon // 28) * (1 - (29 // (moon + 1)) * ((21 - golden) // 11))
    sunday = moon - (year + year // 4 + moon + 2 - century + century // 4) % 7
    month = 3 + (sunday + 40) // 44
    return datetime.date(year, month, sunday + 28 - 31 * (month // 4))


def orthodox_easter(year):
    moon = (19 * (year % 19) + 15) % 30
    sunday = (2 * (year % 4) + 4 * (year % 7) - moon + 34) % 7
    month, day = divmod(moon + sunday + 114, 31)
    return datetime.date(year, month, day + 1) + datetime.timedelta(days=13 if year < 2100 else 14)


def year_type(year):
    return datetime.date(year, 1, 1).weekday() + 7 * (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))


def days_by_name(kind):
    """{name: {year: {days of the year}}} in the order in which the package gives the names, year by year."""
    found = {}
    all_years = kind(expand=False, language="en_US", years=list(YEARS))
    for day in sorted(all_years, key=lambda day: day.year):
        for name in all_years.get_list(day):
            found.setdefault(name, {}).setdefault(day.year, set()).add(day_of_year(day))
    return found


# --- Rules: (kind, value) -> the day of a year, or None -------------------------------------------------

def fixed(month, day):
    def of(year):
        try:
            return day_of_year(datetime.date(year, month, day))
        except ValueError:  # 29 February.
            return None
    return of


def from_easter(easter, offset):
    def of(year):
        day = easter(year) + datetime.timedelta(days=offset)
        return day_of_year(day) if day.year == year else None
    return of


def longest_run(of, days, left):
    """(days explained, first, last) of the best run of years in which the rule's day is always one of `days`."""
    best, first, gained, last_gain = (0, 0, 0), None, 0, None
    for year in list(YEARS) + [None]:
        day = of(year) if year else None
        holds = year and (day is None or day in days.get(year, ()))
        if not holds:
            if first is not None and gained > best[0]:
                best = (gained, first, last_gain)
            first, gained = None, 0
            continue
        if day is None:
            continue
        if first is None:
            first = year
        if day in left.get(year, ()):
            gained += 1
            last_gain = year
    return best


def candidates(left):
    """Rules that explain at least one day that is left."""
    rules = {}
    for year, days in left.items():
        for number in days:
            day = datetime.date(year, 1, 1) + datetime.timedelta(days=number - 1)
            rules[("fixed", day.month * 32 + day.day)] = fixed(day.month, day.day)
            for kind, easter in (("western", western_easter), ("orthodox", orthodox_easter)):
                offset = (day - easter(year)).days
                if -70 <= offset <= 70:
                    rules[(kind, offset)] = from_easter(easter, offset)
    return rules


def typed_run(left):
    """The best run of years in which the first day left depends on the year's type alone: (gained, first, last, days)."""
    best = (0, 0, 0, None)
    years = sorted(left)
    for start in years:
        of_type, gained = {}, 0
        for year in range(start, LAST + 1):
            day = min(left.get(year, {0}))
            if of_type.setdefault(year_type(year), day) != day:
                break
            if day:
                gained += 1
                if gained > best[0]:
                    best = (gained, start, year, dict(of_type))
        if best[0] >= len(years):
            break
    gained, first, last, of_type = best
    if gained:
        # Days of types that come later in the run than the last day are not meant.
        seen = {year_type(year): min(left.get(year, {0})) for year in range(first, last + 1)}
        of_type = tuple(seen.get(kind, 0) for kind in range(14))
    return gained, first, last, of_type


def rules_of(days):
    """[(kind, value, first, last)] that give just these days."""
    left = {year: set(some) for year, some in days.items()}
    rules = []

    def take(kind, value, first, last, of):
        rules.append((kind, value, first, last))
        for year in range(first, last + 1):
            left.get(year, set()).discard(of(year))
            if year in left and not left[year]:
                del left[year]

    while left:
        options = []
        for (kind, value), of in candidates(left).items():
            gained, first, last = longest_run(of, days, left)
            options.append((gained, 2, kind, value, first, last, of))
        gained, first, last, of_type = typed_run(left)
        # A rule of fourteen numbers, of which each has to say more than once what it says.
        if of_type and gained >= max(8, 2 * sum(day > 0 for day in of_type)):
            options.append((gained, 1, "typed", of_type, first, last, lambda year: of_type[year_type(year)]))
        best = max(options, key=lambda option: option[:2])
        if best[0] < LEAST_DAYS:
            break
        take(*best[2:])
    listed = sorted((datetime.date(year, 1, 1) - EPOCH).days + number - 1
                    for year, numbers in left.items() for number in numbers)
    if listed:
        rules.append(("listed", tuple(listed), min(left), max(left)))
    return rules


def expand(rules):
    """The days again, {year: {days}}: what the binary will say."""
    days = {}
    for kind, value, first, last in rules:
        if kind == "listed":
            for number in value:
                day = EPOCH + datetime.timedelta(days=number)
                days.setdefault(day.year, set()).add(day_of_year(day))
            continue
        for year in range(first, last + 1):
            if kind == "fixed":
                day = fixed(value // 32, value % 32)(year)
            elif kind == "typed":
                day = value[year_type(year)]
            else:
                day = from_easter(western_easter if kind == "western" else orthodox_easter, value)(year)
            if day:
                days.setdefault(year, set()).add(day)
    return days


# --- The file -------------------------------------------------------------------------------------------

def literal(text):
    out = ""
    for byte in text.encode():
        out += chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}"
    return f'"{out}"'


def wrapped(items, indent="    ", width=116):
    lines, line = [], indent
    for item in items:
        if len(line) + len(item) + 1 > width and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += item + " "
    return "\n".join(lines + [line.rstrip()])


def encoded(days):
    """A list as text: the differences of its days, each in two digits to the base 90; the largest number that two
    digits have is a step without a day."""
    far, out, before = 90 * 90 - 1, "", days[0]
    for day in days[1:]:
        step = day - before
        assert step > 0
        while step >= far:
            out += digits(far)
            step -= far
        out += digits(step) if step else ""
        before = day
        if not step:  # The far step ended on a day: a step of 0 says so.
            out += digits(0)
    return out


def digits(step):
    """'#' is 0. What C++ would take for an escape or a trigraph has other signs."""
    return "".join(chr(35 + digit) for digit in divmod(step, 90)).replace("\\", "!").replace("?", " ")


def main():
    countries, typed, lists, names = [], {}, {}, {}
    for kind_name, *codes in sorted(list(COUNTRIES.values()) + list(FINANCIAL.values())):
        rows = []
        for name, days in days_by_name(getattr(holidays, kind_name)).items():
            rules = rules_of(days)
            assert expand(rules) == days, (kind_name, name)
            for kind, value, first, last in rules:
                if kind == "typed":
                    value = typed.setdefault(value, len(typed))
                elif kind == "listed":
                    value = lists.setdefault(value, len(lists))
                rows.append((names.setdefault(name, len(names)), kind, value, first, last))
        known = [kind_name] + [code for code in codes if code]
        for code in list(known):
            known += NAMES_OF.get(code, [])
        countries.append((kind_name, known, rows))
        print(kind_name, len(rows), file=sys.stderr)
    print(f"{len(countries)} countries, {sum(len(c[2]) for c in countries)} rules, {len(typed)} typed, {len(lists)} lists of "
          f"{sum(map(len, lists))} days, {len(names)} names", file=sys.stderr)
    aliases = sorted((alias, place) for place, (_, known, _) in enumerate(countries) for alias in known)
    first_rule, text = 0, []
    for _, _, rows in countries:
        text.append((first_rule, len(rows)))
        first_rule += len(rows)
    with open(sys.argv[1], "w") as file:
        file.write(f"""// Made by tool/make_country_holidays.py from the package holidays {holidays.__version__}; not to be edited.
//
// Format: forecast/country_holidays_table.h.

#include "forecast/country_holidays_table.h"

// clang-format off
namespace chiliad::forecast {{

const std::string_view kHolidaysVersion = "{holidays.__version__}";
const int kFirstHolidayYear = {FIRST};
const int kLastHolidayYear = {LAST};

using enum HolidayRule::Kind;

const std::string_view kHolidayNames[] = {{
""")
        file.write(wrapped(literal(name) + "," for name in names) + "\n};\n\nconst std::uint16_t kTypedHolidays[][14] = {\n")
        file.write(wrapped("{" + ",".join(map(str, value)) + "}," for value in typed) + "\n};\n\n")
        file.write("const HolidayList kHolidayLists[] = {\n")
        for value in lists:
            pieces = encoded(value)
            lines = [pieces[i:i + 106] for i in range(0, len(pieces), 106)] or [""]
            file.write(f"    {{{value[0]},\n" + "\n".join("     " + literal(line) for line in lines) + "},\n")
        file.write("};\n\nconst HolidayRule kHolidayRules[] = {\n")
        short = {"fixed": "kFixed", "western": "kWestern", "orthodox": "kOrthodox", "typed": "kTyped", "listed": "kListed"}
        file.write(wrapped(f"{{{name},{short[kind]},{value},{first},{last}}},"
                           for _, _, rows in countries for name, kind, value, first, last in rows))
        file.write("\n};\n\nconst HolidayCountry kHolidayCountries[] = {\n")
        file.write(wrapped(f"{{{literal(name)},{first},{count}}}," for (name, _, _), (first, count) in zip(countries, text)))
        file.write("\n};\n\nconst HolidayCountryName kHolidayCountryNames[] = {\n")
        file.write(wrapped(f"{{{literal(alias)},{place}}}," for alias, place in aliases))
        file.write(f"\n}};\n\nconst std::size_t kHolidayCountryNameCount = {len(aliases)};\n\n}}  // namespace chiliad::forecast\n")


if __name__ == "__main__":
    main()
