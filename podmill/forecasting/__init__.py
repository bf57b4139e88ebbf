"""Forecasting: what briefs are expected to cost before anything is spent, how it could be less, what budgets carry."""

from podmill.forecasting.advice import Advice, advise
from podmill.forecasting.fitting import Place, place
from podmill.forecasting.forecaster import Forecaster
from podmill.forecasting.lesser import lesser
from podmill.forecasting.opened import open_forecaster

__all__ = ["Advice", "Forecaster", "Place", "advise", "lesser", "open_forecaster", "place"]
