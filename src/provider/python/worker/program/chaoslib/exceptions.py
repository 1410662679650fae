"""The exceptions by which extensions and the engine understand each other."""


class ChaosException(Exception):
    pass


class ActivityFailed(ChaosException):
    pass


FailedActivity = ActivityFailed


class DiscoveryFailed(ChaosException):
    pass


class ExperimentExitedException(ChaosException):
    pass


class InterruptExecution(ChaosException):
    pass


class InvalidActivity(ChaosException):
    pass


class InvalidControl(ChaosException):
    pass


class InvalidExperiment(ChaosException):
    pass


class InvalidSource(ChaosException):
    pass


class ControlPythonFunctionLoadingError(Exception):
    pass
