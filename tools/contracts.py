"""A contract type for import-linter that tolerates rooms which do not exist yet."""

from grimp import ImportGraph
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.domain.contract import ContractCheck
from importlinter.domain.imports import ModuleExpression


class ExistingForbiddenContract(ForbiddenContract):
    """The built-in ``forbidden`` contract over those of the package's own modules that exist."""

    type_name = "existing_forbidden"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: FBT001 - as in the base class
        """Check after dropping own modules that are named in the contract but not in the graph."""
        for option in ("source_modules", "forbidden_modules"):
            expressions: set[ModuleExpression] = getattr(self, option)
            setattr(self, option, {item for item in expressions if self._is_checkable(item, graph)})
        return super().check(graph, verbose)

    def _is_checkable(self, expression: ModuleExpression, graph: ImportGraph) -> bool:
        name = expression.expression
        is_own = name.partition(".")[0] in self.session_options["root_packages"]
        return not is_own or expression.has_wildcard_expression() or name in graph.modules
