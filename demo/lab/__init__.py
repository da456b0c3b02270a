"""The lab: scenarios in virtual time, through the rules as they ship, scored.

Who does what, in the order in which a play goes by. Names end in ``-ing`` where something is done,
and are things where something is kept or written:

==================  ================================================================================
``cli``             ``shardwatch lab``: some scenarios; ``bench`` all of the lab, with its figures
``strengths``       how weak a fault is still caught: ``caught`` are its tables
``running``         many plays, some at once; ``eves`` are the processes that they fork from
``playing``         one play, from readings to an outcome; ``options`` say how, ``setting`` is what
                    it runs on, ``past`` the four weeks before, ``servers`` its Prometheus
``watching``        scrapes a simulated cluster; ``readings`` is what came of that, ``exporting``
                    one exporter, ``gpu_parts`` the GPU one's core, ``probing`` questions to
                    engines, ``samples`` how Prometheus stores a scrape, ``own_servers`` what
                    Prometheus and Alertmanager say of themselves
``notifying``       who is told of what fires, as Alertmanager would; ``paging`` what a page says,
                    ``evidence`` a cause's words in it
``reporting``       the report that a demo would have written; ``judging`` holds it against the
                    scenario
``scoring``         what each alert was worth; ``severities`` reads others' labels, ``waking`` says
                    which of them wake somebody
``asking``          asks panels of boards whether they show a fault; ``showing`` reads ``shows/``,
                    which says what they must; ``sweeping`` asks all
                    their queries whether they are answered
``outcome``         all that came of a play, as data
``figures``         plays as figures, ``bars`` what these must be, ``snowballs`` who was warned
``matrix``          plays as tables (``markdown``), ``grid`` as one of HTML, ``page`` as a page,
                    ``drawing`` as pictures of curves that ``pictures`` takes from a play
``results``         the folder that all is written into
``peers``           others' rules, played beside ours; ``beside`` is their table
``parts``           what is measured beside scenarios: ``burns/``, ``healthy/``, ``storm``,
                    ``faithful`` and ``faithfulness/``
``live``            runs on real servers, held against the lab
==================  ================================================================================
"""
