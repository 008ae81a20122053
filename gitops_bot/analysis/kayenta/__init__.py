"""Kayenta's statistics (NetflixACAJudge-v1.0), on the standard library alone; the judge is `judges.kayenta`."""
