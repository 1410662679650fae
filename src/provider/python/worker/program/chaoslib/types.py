"""Names for annotations: to Python they are all plain values."""

from typing import Any, Dict, List, Tuple, Union

Mapping = Dict[str, Any]

Action = Activity = Control = Experiment = Hypothesis = Probe = Mapping
Configuration = ConfigVars = Secrets = SecretVars = Settings = Mapping
Journal = Run = Step = Mapping
DiscoveredActivities = DiscoveredSystemInfo = Discovery = EventPayload = Extension = Mapping
Layer = Any
TargetLayers = Dict[str, List[Mapping]]
MicroservicesStatus = Tuple[Mapping, Mapping]
Tolerance = Union[int, str, bool, list, Mapping]
