"""Which events are the same problem (spec/ingest.md section 5)."""

from tocsin.domain.grouping.apply import apply_rules as apply_rules
from tocsin.domain.grouping.explanation import Explanation as Explanation
from tocsin.domain.grouping.explanation import explain as explain
from tocsin.domain.grouping.group import CONFIGS as CONFIGS
from tocsin.domain.grouping.group import LATEST as LATEST
from tocsin.domain.grouping.group import OLDEST as OLDEST
from tocsin.domain.grouping.group import group as group
from tocsin.domain.grouping.group import group_evidence as group_evidence
from tocsin.domain.grouping.model import Grouping as Grouping
from tocsin.domain.grouping.model import Variant as Variant
from tocsin.domain.grouping.project import ProjectGrouping as ProjectGrouping
from tocsin.domain.grouping.project import grouping_of as grouping_of
from tocsin.domain.grouping.rules import DEFAULT_RULES as DEFAULT_RULES
from tocsin.domain.grouping.rules import GroupingRules as GroupingRules
from tocsin.domain.grouping.rules import parse_grouping_rules as parse_grouping_rules
