"""Cells that try every way in which a notebook can put something out, to compare two ways of running it."""

from __future__ import annotations

CELLS = (
    "import sys; print('a'); print('b', file=sys.stderr); print('c', flush=True); sys.stderr.write('d\\n'); print('e')",
    "from IPython.display import display, HTML, Markdown, clear_output\ndisplay(1, 'two', HTML('<b>three</b>'))\n"
    "print('between')\ndisplay(Markdown('*four*'))\n5",
    "h = display('before', display_id='one'); display('kept'); h.update('after')",
    "import pandas as pd, numpy as np\npd.DataFrame({'x': np.arange(4) / 3, 'y': list('abcd')})",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3]); plt.title('T'); print('drawn')",
    "fig, ax = plt.subplots(); ax.bar(['a', 'b'], [1, 2]); fig",
    "plt.figure(); plt.plot([3, 1]); plt.show(); print(plt.get_backend())",
    "import warnings\nwarnings.warn('look'); warnings.warn('old', DeprecationWarning)\n"
    "warnings.warn('old', FutureWarning)",
    "for k in range(30000): print('line', k)",
    "import asyncio\nawait asyncio.sleep(0.01)\nprint('slept')\nasync def f(): return 7\nawait f()",
    "_ + 1",
    "print(Out[11], _, __, In[2][:8]); Out[11]",
    "%%capture kept\nprint('hidden'); display(HTML('<i>x</i>')); 3",
    "print(kept.stdout, len(kept.outputs)); kept.show()",
    "%matplotlib inline\nplt.plot([1, 2]);",
    "import logging\nlogging.warning('root'); logging.getLogger('x').error('own'); logging.info('unseen')",
    "import os, time\nos.write(1, b'from the system\\n'); os.write(2, b'and the error\\n'); time.sleep(0.3)",
    "import subprocess\nsubprocess.run(['echo', 'child'], check=True); time.sleep(0.3)\n"
    "print(subprocess.run(['echo', 'caught'], capture_output=True, text=True).stdout)",
    "!echo by the shell",
    "x = 1\n%who_ls",
    "try:\n    input('name? ')\nexcept Exception as e:\n    print(type(e).__name__, e)",
    "try:\n    import getpass; getpass.getpass('word? ')\nexcept Exception as e:\n    print(type(e).__name__, e)",
    "class Odd:\n    def _repr_html_(self): return '<u>odd</u>'\n    def __repr__(self): return 'odd'\n"
    "    def _repr_mimebundle_(self, **k): return {'application/x-own+json': {'a': [1, 2]}, 'text/plain': 'o'}\nOdd()",
    "class Bad:\n    def __repr__(self): raise ValueError('no repr')\n[Odd()]",
    "print('gone'); clear_output(); print('stays')",
    "clear_output(wait=True); print('also')",
    "import os, sys\nprint(sys.path[0] == '', os.getcwd() == sys.path[0], __name__, sys.modules['__main__'].__name__)\n"
    "print(sorted(k for k in globals() if not k.startswith('_'))[:6], get_ipython().__class__.__mro__[1].__name__)",
    "print(pd.options.display.max_rows, np.get_printoptions()['precision'],\n"
    "      plt.rcParams['figure.dpi'], plt.rcParams['figure.figsize'])\n"
    "print(sys.getrecursionlimit(), os.environ['OMP_NUM_THREADS'], os.environ['PAGER'])",
    "import threading, random\nt = threading.Thread(target=lambda: print('of a thread')); t.start(); t.join()\n"
    "random.seed(1); np.random.seed(1); print(random.random(), np.random.rand())",
    "import pickle\nclass Kept: pass\npickle.loads(pickle.dumps(Kept())).__class__ is Kept",
    "import multiprocessing as mp\ndef work(q): q.put('made')\nc = mp.get_context('fork'); q = c.Queue()\n"
    "p = c.Process(target=work, args=(q,)); p.start(); print(q.get()); p.join(); print(p.exitcode)",
    "print('\\x1b[31mred\\x1b[0m', 'é', '\\r over', 'ab\\bc', '\\U0001f600')",
    "?print",
    "def inner(x): return 1 / x\ndef outer(x):\n    y = x - 1\n    return inner(y)\nprint('just before')\nouter(1)",
)
