"""One block of invented people with everything that happens to them, made when first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from joinedup.sources.synthetic.attendances import Attendances, attendances_of
from joinedup.sources.synthetic.draws import Ints, Texts
from joinedup.sources.synthetic.former_numbers import FormerNumbers, former_numbers_of
from joinedup.sources.synthetic.life import Life, life_of
from joinedup.sources.synthetic.mortality import Deaths, deaths_of
from joinedup.sources.synthetic.names import Names, former_family_names, names_of
from joinedup.sources.synthetic.nhs_numbers import numbers_at
from joinedup.sources.synthetic.pathways import Pathways, pathways_of
from joinedup.sources.synthetic.planted import Programmes, programmes_of, without_prevented_attendances, without_prevented_spells
from joinedup.sources.synthetic.population import People, people_of
from joinedup.sources.synthetic.registrations import Stays, stays_of
from joinedup.sources.synthetic.setting import Setting
from joinedup.sources.synthetic.spells import Spells, spells_of


@dataclass(frozen=True)
class Block:
    """The people of one block. Each subject draws from its own stream, so that the order of asking doesn't matter."""

    setting: Setting
    number: int

    @cached_property
    def people(self) -> People:
        """Who they are."""
        return people_of(self.setting, self.number)

    @cached_property
    def stays(self) -> Stays:
        """Where they are registered and live."""
        return stays_of(self.setting, self.number, self.people)

    @cached_property
    def deaths(self) -> Deaths:
        """Who dies, of what and where."""
        return deaths_of(self.setting, self.number, self.people)

    @cached_property
    def spells_without_programmes(self) -> Spells:
        """Their spells in hospital as they would be if nobody had joined a programme."""
        return spells_of(self.setting, self.number, self.people, self.deaths)

    @cached_property
    def programmes(self) -> Programmes:
        """Who joined which programme."""
        return programmes_of(self.setting, self.number, self.people, self.life, self.spells_without_programmes)

    @cached_property
    def spells(self) -> Spells:
        """Their spells in hospital."""
        return without_prevented_spells(self.setting, self.number, self.programmes, self.spells_without_programmes)

    @cached_property
    def attendances(self) -> Attendances:
        """Their attendances at emergency departments."""
        every = attendances_of(self.setting, self.number, self.people, self.spells, self.deaths)
        return without_prevented_attendances(self.setting, self.number, self.programmes, every)

    @cached_property
    def life(self) -> Life:
        """What else their lives hold."""
        return life_of(self.setting, self.number, self.people, self.deaths, self.spells_without_programmes)

    @cached_property
    def names(self) -> Names:
        """What they are called."""
        return names_of(self.setting, self.number, self.people)

    @cached_property
    def former_family_names(self) -> Texts:
        """What they may have been called before."""
        return former_family_names(self.setting, self.number, self.people)

    @cached_property
    def spell_hospitals(self) -> Ints:
        """The hospital of each spell."""
        return self.spells.hospital

    @cached_property
    def pathways(self) -> Pathways:
        """Their referrals to hospital clinics."""
        return pathways_of(self.setting, self.number, self.people, self.spells)

    @cached_property
    def attendance_hospitals(self) -> Ints:
        """The hospital of each attendance: the spell's where it led to one."""
        return self.attendances.hospital

    @cached_property
    def former_numbers(self) -> FormerNumbers:
        """The NHS numbers that some had before."""
        return former_numbers_of(self.setting, self.number, self.people, self.nhs_numbers)

    @cached_property
    def nhs_numbers(self) -> Ints:
        """Each person's NHS number."""
        first = self.setting.first_number(self.number)
        return numbers_at(self.setting.seed, first, len(self.people.sex))
