"""What is around a container in the embedded cluster."""

from collections.abc import Callable
from dataclasses import dataclass

from watchdog.demo.api_resources import Object
from watchdog.demo.behaviour import Programs
from watchdog.demo.container_behaviour import StartTrouble
from watchdog.demo.event_recorder import Said
from watchdog.demo.object_store import Store
from watchdog.demo.simulated_clock import Agenda, SimulatedClock


@dataclass
class Surroundings:
    """What a container's life needs from the kubelet."""

    store: Store
    clock: SimulatedClock
    agenda: Agenda
    pull_trouble: Callable[[str], StartTrouble | None]
    programs: Programs
    say: Callable[[Object, Said], None]
