"""`zoo serve`: answers over HTTP from a run or a site.

The web server (Starlette on uvicorn) and the model share one process: an event loop takes requests, one thread answers them
with the predictor, which has threads of its own. LitServe 0.2.19 was looked at first; it queues requests without a bound (so
none can be answered 429 in time), removes the limit of uploads for the whole process, and gives a worker its model once, where
a site may switch its pointer at any time.
"""
