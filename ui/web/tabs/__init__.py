"""The tabs of the page: each module has the routes of one."""
