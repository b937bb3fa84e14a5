from .findings import Finding as Finding
from .findings import InventoryError as InventoryError
from .findings import require_valid as require_valid
from .intake.forms import Form as Form
from .intake.forms import load_form as load_form
from .intake.places import CellRef as CellRef
from .intake.returns import Returns as Returns
from .intake.returns import read_returns as read_returns
from .inventory.offices import offices_at as offices_at
from .inventory.record import Inventory as Inventory
from .inventory.record import read_inventory as read_inventory
from .inventory.record import standard_form as standard_form
from .planning.portfolio import Portfolio as Portfolio
from .planning.portfolio import select_portfolio as select_portfolio
from .planning.schedule import Plan as Plan
from .planning.schedule import schedule as schedule
from .scoring.composite import Scores as Scores
from .scoring.impact import score_impact as score_impact
from .scoring.maturity import score_maturity as score_maturity
from .scoring.maturity import score_services as score_services
from .scoring.readiness import score_readiness as score_readiness
from .scoring.robustness import RankRobustness as RankRobustness
from .scoring.robustness import rank_robustness as rank_robustness
from .strategy import Strategy as Strategy
from .strategy import StrategyError as StrategyError
from .strategy import load_strategy as load_strategy

__version__: str
