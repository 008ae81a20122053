"""Stories: a policy in its world, tick by tick, and every pull request that results, as pages that people read.

A story is a folder: `story.yaml`, the repository's files in `repository/`, its policies named from `policies/` of this
project, and the pages in `pages/`, which `--update-golden` writes.
"""

from tests.support.stories.pages import Pages
from tests.support.stories.script import Script
from tests.support.stories.teller import told

__all__ = ["Pages", "Script", "told"]
