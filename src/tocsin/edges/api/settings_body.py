"""What may stand in the body of a change of settings, as the OpenAPI document tells it."""

from litestar.openapi.spec import OpenAPIType, Schema

from tocsin.domain.naming import NAME_CHARS_MAX, SLUG_CHARS_MAX
from tocsin.domain.settings import PLATFORM_CHARS_MAX, RESOLVE_AGE_HOURS_MAX


def _text(description: str, chars_max: int) -> Schema:
    return Schema(type=OpenAPIType.STRING, max_length=chars_max, description=description)


def _yes_or_no(description: str) -> Schema:
    return Schema(type=OpenAPIType.BOOLEAN, description=description)


_NAMES = {"name": _text("What people call it.", NAME_CHARS_MAX), "slug": _text("Its name in URLs.", SLUG_CHARS_MAX)}

ORGANIZATION_SETTINGS = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        **_NAMES,
        "allowSharedIssues": _yes_or_no("Whether anybody with the link may read an issue that somebody shared."),
        "eventsMemberAdmin": _yes_or_no("Whether plain members may delete issues."),
        "openMembership": _yes_or_no("Whether members see the projects of all teams."),
    },
)
PROJECT_SETTINGS = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        **_NAMES,
        "platform": _text("What it is written in.", PLATFORM_CHARS_MAX),
        "resolveAge": Schema(
            type=OpenAPIType.INTEGER,
            minimum=0,
            maximum=RESOLVE_AGE_HOURS_MAX,
            description="Hours without an event after which an issue resolves itself; 0 for never.",
        ),
    },
)
USER_SETTINGS = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        "name": _text("What to be called.", NAME_CHARS_MAX),
        "options": Schema(
            type=OpenAPIType.OBJECT,
            properties={
                "self_assign_issue": Schema(
                    type=OpenAPIType.STRING,
                    enum=["0", "1"],
                    description="Whether issues that nobody has become yours when you resolve them.",
                )
            },
        ),
    },
)
